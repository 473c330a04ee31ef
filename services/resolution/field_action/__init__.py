"""Field actions: when one complaint speaks for many, everybody who is affected is told and helped."""
