"""The robot's skills, one family a file: scripts of motions and looks that raise Failure when they cannot."""
