"""Are the files that say what a score is right, and do they say what was meant?"""
