"""The demo: the main job on real conversations, in processes of its own, each claim checked.

Beside it stand the conversations, `conversations.jsonl.gz`, and their licences, `LICENSES.txt`.
"""
