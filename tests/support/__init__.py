"""What tests share: private daemons, images made on the spot, requirements."""
