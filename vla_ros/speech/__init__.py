"""From sound to sentences: sources, detection of speech, spoken stop, recognition, and the robot's own voice."""
