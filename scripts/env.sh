# source scripts/env.sh
# Makes `vla` and `python` with rclpy and the package's messages work in this shell (sh, bash, zsh), and with ROS
# installed `ros2 run vla_ros …` too: source /opt/ros/jazzy/setup.bash first.
# What is set, and why, stands in vla_ros/cli/environment.py.

if [ -n "${BASH_SOURCE:-}" ]; then
  _vla_here=${BASH_SOURCE%/*}
  [ "$_vla_here" = "$BASH_SOURCE" ] && _vla_here=.
elif [ -n "${ZSH_VERSION:-}" ]; then
  eval '_vla_here=${${(%):-%x}:A:h}'
else
  _vla_here=${VLA_ROS_ROOT:-.}/scripts # plain sh cannot tell where it reads from
fi
_vla_root=$(cd "$_vla_here/.." && pwd)
if [ ! -f "$_vla_root/vla_ros/cli/environment.py" ]; then
  echo "env.sh: cd to the checkout first, or set VLA_ROS_ROOT to it" >&2
else
  _vla_python=$_vla_root/.venv/bin/python
  [ -x "$_vla_python" ] || _vla_python=python3
  # -S: no start-up hooks, a fifth of the time
  eval "$("$_vla_python" -S "$_vla_root/vla_ros/cli/environment.py")"
fi
unset _vla_here _vla_root _vla_python
