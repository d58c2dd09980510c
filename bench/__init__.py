"""What things cost, each beside a bare reference in the same run. Ratios are worth more than the absolute values."""
