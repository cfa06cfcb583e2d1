"""What is counted in the city, and what is told of it: figures, rates, percentiles, small cells. Pure."""
