"""What this package asks of, and does to, a live cluster.

======================  ==================================================================
``cluster``             a connection: objects as plain JSON, pod logs, clear errors
``observation``         what one endpoint component looks like now
``controller``          whether KServe's controller runs, and what it said last
``cause``               why a component does not serve, in its own words, and the cure
``rollout``             waits until a revision serves; fails early with the cause
``diagnosis``           the same knowledge as a report, for any KServe endpoint
``webhooks``            whether a layer's webhooks really answer
``installed``           whether a layer that others installed is there as it is needed
``installed_platform``  the same of a whole KServe, with its ``configuration`` and ``gateway``
``gateway``             waits until a Gateway and its policies are taken in
``route``               takes the requests from pods before they go
``recovery``            makes the next `pulumi up` work after the engine was killed
``stack_locks``         locks that a dead engine left in a ``file://`` backend
``pending_operations``  operations that a dead engine left in the state
``helm_releases``       half-recorded Helm releases
``orphans``             providers that outlive their engine
``deletions``           deletions whose end nobody has waited for
``engine_errors``       what the engine's errors mean, and what to type
``namespaces``          whether a namespace is free to be made
======================  ==================================================================

Nothing here is loaded by ``import pulumi_kserve``.
"""
