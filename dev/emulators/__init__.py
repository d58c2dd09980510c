"""Stand-ins for the tools we connect to: as strict as the real ones, on this machine only, able to fail when told."""
