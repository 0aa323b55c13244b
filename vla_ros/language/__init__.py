"""Language: sentences to Tasks, without ROS. Imports core only; its Task goes to planning."""
