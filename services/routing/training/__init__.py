"""Training: courses, sessions, results, certificates, drills, needs."""
