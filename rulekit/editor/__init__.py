"""What an editor asks for while a policy is written: findings, offers, explanations, mending, renaming, colours."""
