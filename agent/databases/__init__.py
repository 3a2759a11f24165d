"""The databases that the agent can read: one thin adapter for each engine, over one small driver.

A driver is loaded when a database of its engine is opened, and never before: an agent that reads a folder of files
needs none of them.
"""
