"""OWNERS and OWNERS_ALIASES: who may approve and review what. Pure: what files say comes in, who owns what goes out.

`cutwater.config.owners` reads the files' text, `cutwater.events.repository_owners` fetches them.
"""
