"""The Gateway of a platform: its objects on Envoy Gateway and on Istio, who may call, and when it is ready."""
