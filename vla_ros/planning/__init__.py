"""Task + scene + belief -> plan -> motion goals. Imports core and py_trees; its goals go to control."""
