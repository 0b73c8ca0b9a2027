"""Real servers for tests: started on a free port of 127.0.0.1, gone when the tests end."""
