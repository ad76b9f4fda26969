"""Computes operations with numpy: a function for each, of the operation and its operands."""
