"""Takes irises in any unit and shape, asks the predictor in centimetres, and answers with the names of species."""
