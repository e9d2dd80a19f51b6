"""A cluster on one machine: nodes, pods and an outside host as network namespaces, joined by the real network.

    command_line ──► kinds         which lab: its own small cluster (plain/), or a real Kubernetes (kubernetes/)
                 ──► life          up and down, whichever kind it is
                 ──► probing/      who reaches whom

What both kinds stand on is here:

    layout, parameters, address_plan       a lab: where it is, what it is, which addresses it has
    underlay, node ──► switch, agent       its machines
    namespaces, processes, records         what the kernel has of it
"""
