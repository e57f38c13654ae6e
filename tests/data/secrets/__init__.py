"""What redaction is measured by: true secrets of every kind in many languages, and ordinary code that looks a little like them.

All of it is made up when it is asked for, the same each time: no file here holds anything that looks like a live key.
"""
