"""From RGB-D frames to tracked objects. Imports core only; its scenes go to planning, control and safety."""
