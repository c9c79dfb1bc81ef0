"""Starts the transformer: `python -m transformer --model_name NAME --predictor_host HOST`, and the SDK's arguments."""

import argparse
import sys
import warnings

from kserve import logging, model_server
from sklearnserver.server import DrainingModelServer

from transformer.model import IrisTransformer


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(parents=[model_server.parser])
    parser.add_argument("--drain_seconds", type=float, default=3, help="how long to answer on after SIGTERM")
    warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")  # the SDK's, at every request
    arguments, _ = parser.parse_known_args()
    if arguments.configure_logging:
        logging.configure_logging(arguments.log_config_file)
    if not arguments.predictor_host:
        sys.exit(f"transformer of {arguments.model_name}: --predictor_host is missing, so there is nothing to ask")
    transformer = IrisTransformer(arguments.model_name)
    transformer.load()
    DrainingModelServer(arguments.drain_seconds).start([transformer])


if __name__ == "__main__":
    main()
