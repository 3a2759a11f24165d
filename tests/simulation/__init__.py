"""Practices whose patients change from week to week, to see what disclosure control costs and what it lets through."""
