"""One folder per cloud; each implements the contracts of :mod:`pulumi_kserve.contracts`."""
