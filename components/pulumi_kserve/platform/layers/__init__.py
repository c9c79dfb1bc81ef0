"""One file per thing that a platform installs."""
