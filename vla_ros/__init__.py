"""vla_ros: say a sentence to a robot and it does it, safely, and can show why."""

# The generated interfaces (vla_ros.msg, .srv, .action) live in the install tree; the source lives here
# or there. extend_path joins the two so that either may come first on sys.path.
from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
