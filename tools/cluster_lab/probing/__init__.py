"""Who reaches whom, on real packets, whichever kind the lab is.

    endpoints ──► probe: pairs, ports, families ──► prober (questions) ──► matrix
"""
