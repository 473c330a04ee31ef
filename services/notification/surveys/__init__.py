"""Surveys: questionnaires as data, asked after each resolution and about the process itself."""
