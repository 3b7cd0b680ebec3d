"""The pages: what a recipient sees in a browser, without a build step and without JavaScript of ours."""
