"""The report: its page, its sentences, its methods, its folder."""
