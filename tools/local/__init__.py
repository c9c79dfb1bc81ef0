"""The main job behind `make up`: a toolchain, a cluster, the stack `local`, a trained model, and its prediction."""
