"""What `--help` teaches beside the options: examples, what a command is for, what it costs."""
