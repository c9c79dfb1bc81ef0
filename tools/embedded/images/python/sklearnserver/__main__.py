"""Starts the server: `python -m sklearnserver --model_name NAME --model_dir DIR`, and the arguments of the SDK."""

import argparse
import sys
import warnings
from pathlib import Path

from kserve import logging, model_server

from sklearnserver.model import ModelFileError, SklearnModel
from sklearnserver.server import DrainingModelServer


def main() -> None:
    """Load the model and serve it until told to stop."""
    parser = argparse.ArgumentParser(parents=[model_server.parser])
    parser.add_argument("--model_dir", required=True, type=Path, help="the folder with the model file")
    parser.add_argument("--drain_seconds", type=float, default=3, help="how long to answer on after SIGTERM")
    warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")  # the SDK's, at every request
    arguments, _ = parser.parse_known_args()
    if arguments.configure_logging:
        logging.configure_logging(arguments.log_config_file)
    model = SklearnModel(arguments.model_name, arguments.model_dir)
    try:
        model.load()
    except ModelFileError as error:
        sys.exit(f"model {arguments.model_name}: {error}")
    DrainingModelServer(arguments.drain_seconds).start([model])


if __name__ == "__main__":
    main()
