"""The governance rules of KServe platforms and endpoints, for Pulumi's policy engine and `pulumi-kserve check`.

It holds no rules yet. Each will stand in the file of its concern (images, identity, resources, network, ownership),
look only at a resource's inputs, and so give the same answer offline and in the engine.
"""
