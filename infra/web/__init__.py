"""The pages: the recipient's wallet, without JavaScript of ours, and the till; both without a build step."""
