"""Who may begin and how they came: open link, invites, recruitment platforms, previews; and how many came."""
