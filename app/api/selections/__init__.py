"""Selections compiled to Python: what a document asks for, read from our types without graphql-core walking over it.

graphql-core stays the judge. What a selection holds that is not of the ordinary is handed to it: a field, a value or
the whole, so that an answer and its errors are always its own.
"""
