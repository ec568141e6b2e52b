"""What several tabs use; nothing here knows a tab."""
