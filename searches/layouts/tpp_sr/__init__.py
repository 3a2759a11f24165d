"""TPP SystmOne Strategic Reporting extract."""
