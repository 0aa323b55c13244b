"""Values that travel between stages, errors, configuration and protocols.

May import the standard library, numpy and PyYAML only. Everything else imports this.
"""
