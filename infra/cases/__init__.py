"""What cases need of the world: services of the installation, registers, lists, the calendar."""
