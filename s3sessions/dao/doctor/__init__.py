"""The doctor: looks at stored sessions, says what is wrong, and repairs what costs no message."""
