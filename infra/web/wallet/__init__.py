"""The recipient's wallet behind the link of the SMS, without JavaScript of ours."""
