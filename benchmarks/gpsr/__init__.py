"""From a Task to the logical form of the GPSR commands data set (Walker 2019), and the comparison of two such forms."""
