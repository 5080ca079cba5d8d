"""Tests of other platforms made into studies: their definition read, its outline drawn, study.toml written."""
