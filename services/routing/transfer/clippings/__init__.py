"""Clippings (剪报): what an audience was told in a day or a week, on one page."""
