"""KServe's configuration, the ConfigMap ``inferenceservice-config``, as one typed object.

`spec` is what a user says, `fields` where each of its fields lies in the ConfigMap and in the chart's values,
`judgement` what no platform of that mode and release would read, `rendering` the values and the patch.
"""

from pulumi_kserve.platform.configuration.spec import KServeConfiguration

__all__ = ["KServeConfiguration"]
