"""Parameters fitted to what was seen: ABC, SBC, sensitivity."""
