"""What a policy's text says about itself: findings with a place, a reason and a remedy."""
