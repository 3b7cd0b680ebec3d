"""The QR code of the wallet (R2.23, R25): what is in it, who signs it, how it is drawn."""
