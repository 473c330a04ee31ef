"""Control charts and Pareto: is it chance, and which few causes make most of it?"""
