"""Starts the explainer: `python -m explainer --model_name NAME --predictor_host HOST --background ROWS`.

The SDK's arguments are taken too. ROWS are some typical rows as JSON, or a file of them: every prediction is explained
as a difference from the mean prediction over them.
"""

import argparse
import sys
import warnings

from kserve import logging, model_server
from sklearnserver.server import DrainingModelServer

from explainer.model import ShapExplainer
from explainer.table import NotATable, background


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(parents=[model_server.parser])
    parser.add_argument("--background", required=True, help="typical rows as JSON, or the path of a file of them")
    parser.add_argument("--features", default="", help="the features' names, with commas between; x0, x1, ... if unset")
    parser.add_argument("--drain_seconds", type=float, default=3, help="how long to answer on after SIGTERM")
    warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")  # the SDK's, at every request
    arguments, _ = parser.parse_known_args()
    if arguments.configure_logging:
        logging.configure_logging(arguments.log_config_file)
    try:
        explainer = explainer_of(arguments)
    except NotATable as error:
        sys.exit(f"explainer of {arguments.model_name}: {error}")
    explainer.load()
    DrainingModelServer(arguments.drain_seconds).start([explainer])


def explainer_of(arguments: argparse.Namespace) -> ShapExplainer:
    """Return the explainer that the arguments describe.

    Raises:
        NotATable: something in them is missing, or does not fit together.

    """
    if not arguments.predictor_host:
        raise NotATable("--predictor_host is missing, so there is nothing to ask")
    table = background(arguments.background)
    features = arguments.features.split(",") if arguments.features else [f"x{place}" for place in range(len(table[0]))]
    if len(set(features)) != len(table[0]):
        raise NotATable(f"--features must be {len(table[0])} different names, as the background is so wide")
    return ShapExplainer(
        arguments.model_name,
        f"{'https' if arguments.predictor_use_ssl else 'http'}://{arguments.predictor_host}",
        table,
        features,
        arguments.predictor_request_timeout_seconds,
    )


if __name__ == "__main__":
    main()
